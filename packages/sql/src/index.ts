export {
  json,
  optional,
  text,
  whole,
  type Row,
  type Run,
  type Sql,
  type SqlUse,
  type SqlValue,
} from './sql.ts';
