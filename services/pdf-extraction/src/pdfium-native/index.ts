export { createEngine } from './native-pdfium.ts';
