export { recordDocument, warehouseHandlers } from './record-document.ts';
