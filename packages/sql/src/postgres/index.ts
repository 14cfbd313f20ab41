export { postgresSql, type PostgresSqlOptions } from './postgres-sql.ts';
