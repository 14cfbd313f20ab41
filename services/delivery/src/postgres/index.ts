export { postgresDeliveryStore } from './postgres-delivery-store.ts';
