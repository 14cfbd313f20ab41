export { createEngine } from './wasm-pdfium.ts';
