export { sqliteDeliveryStore } from './sqlite-delivery-store.ts';
