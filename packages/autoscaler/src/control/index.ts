export { controlDocuments } from './control-documents.ts';
export type { ControlDocuments, ControlDocumentsOptions, ControlWrite } from './control-documents.ts';
