export { indexDocument, indexingHandlers } from './index-document.ts';
