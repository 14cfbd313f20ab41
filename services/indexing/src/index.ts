export { indexDocument, indexingHandlers, removeDocument } from './index-document.ts';
