export { createEngine } from './pdf-parse-engine.ts';
