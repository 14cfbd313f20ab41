export { pdfiumEngine } from './pdfium-engine.ts';
