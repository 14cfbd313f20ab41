export { pdfParseEngine } from './pdf-parse-engine.ts';
