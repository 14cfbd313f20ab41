export { createEngine } from './pdfium-engine.ts';
