/** What a failure of PostgreSQL means: a row that it refuses, or a warehouse that cannot be used now. */
import { LongshoreError, isLongshoreError } from '@longshore/job';

/**
 * Classes of SQLSTATE that a value causes: 22 data exception, 23 constraint, 54 limits (a value too large for an index).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const ROW_FAULT = /^(?:22|23|54)/;

/** What TLS says of a certificate that nothing known has signed. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The SQLSTATE, or the code of a socket or of TLS; empty without one. */
export function faultCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Whether a row is to blame, so that the rest of its batch may well be sound. */
export function isRowFault(error: unknown): boolean {
  return ROW_FAULT.test(faultCode(error));
}

/** A failure that is nobody's row: `dependency_down`, retryable, with the remedy where it is known. */
export function unavailable(error: unknown): LongshoreError {
  if (isLongshoreError(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const code = faultCode(error);
  return new LongshoreError('dependency_down', `Cannot use the warehouse: ${reason}${remedyOf(code)}`, {
    cause: error,
    details: { code },
    retryable: true,
  });
}

function remedyOf(code: string): string {
  if (UNTRUSTED.has(code))
    return '; its certificate is not trusted: for Amazon RDS download https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem and set LONGSHORE_WAREHOUSE_CA to its path, else to the CA that signed the certificate';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return '; connect by the host name that the certificate names, not by an alias or address';
  if (/^(?:42P01|42883|3F000|42703|42704)$/.test(code)) return '; run "longshore warehouse migrate"';
  if (code === '42501') return '; connect as the role that ran "longshore warehouse migrate"';
  return '';
}
