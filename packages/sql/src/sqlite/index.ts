export { sqliteSql, type SqliteSqlOptions } from './sqlite-sql.ts';
