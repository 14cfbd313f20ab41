/** The jobs of delivery, for whoever enqueues them: without the service, its database client and its HTTP client. */
export { notifyEndpoint } from './notify-endpoint.ts';
export type { NotifyEndpoint } from './notify-endpoint.ts';
export { publishDocument } from './publish-document.ts';
export type { PublishDocument, PublishDocumentInput } from './publish-document.ts';
