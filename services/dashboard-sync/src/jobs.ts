/** The job of the dashboards, for whoever enqueues it: without the service, its database client and its dashboards. */
export { countDocument, type CountDocument } from './count-document.ts';
