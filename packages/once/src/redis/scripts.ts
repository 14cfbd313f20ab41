/**
 * The compare-and-swaps of the Redis store. A key is one hash: `owner` (absent when released), `fence`, `untilMs` (end
 * of the lease, by the server's clock), `record` (once done). Redis removes it when its time is over.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** ARGV: owner, leaseMs, retentionMs. Answers `held` and the fence, `busy` and the rest of the lease, or `done` and the record. */
export const CLAIM: string = `${NOW}
local owner, fence, untilMs, record = unpack(redis.call('HMGET', KEYS[1], 'owner', 'fence', 'untilMs', 'record'))
if record then return {'done', record} end
local isOwn = owner == ARGV[1]
if owner and not isOwn and tonumber(untilMs) > now then
  return {'busy', string.format('%.0f', untilMs - now)}
end
fence = tonumber(fence or 0)
if not isOwn then fence = fence + 1 end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'fence', fence, 'untilMs', string.format('%.0f', now + ARGV[2]))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[2] + ARGV[3]))
return {'held', string.format('%.0f', fence)}
`;

/** The other scripts begin so. ARGV: owner, fence. Answers 0 when the key is another owner's by now. */
const OWN = `
local owner, fence, record = unpack(redis.call('HMGET', KEYS[1], 'owner', 'fence', 'record'))
if owner ~= ARGV[1] or fence ~= ARGV[2] then return 0 end
`;

/** ARGV: owner, fence, leaseMs, retentionMs. */
export const RENEW: string = `${OWN}${NOW}
if record then return 0 end
redis.call('HSET', KEYS[1], 'untilMs', string.format('%.0f', now + ARGV[3]))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[3] + ARGV[4]))
return 1
`;

/** ARGV: owner, fence, record, retentionMs. */
export const COMMIT: string = `${OWN}
if not record then
  redis.call('HSET', KEYS[1], 'record', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[4]))
end
return 1
`;

/** ARGV: owner, fence. */
export const RELEASE: string = `${OWN}
if not record then redis.call('HDEL', KEYS[1], 'owner') end
return 1
`;
