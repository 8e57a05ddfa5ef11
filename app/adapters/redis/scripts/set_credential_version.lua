-- Set the credential version of a live session that has the expected one. Return 1 if it was set, 0 otherwise.
-- KEYS: session, cut-off. ARGV: expected version, new version, now (s).
local version, revoked_at, created_at, expires_at, idle_expires_at = unpack(
    redis.call('HMGET', KEYS[1], 'credential_version', 'revoked_at', 'created_at', 'expires_at', 'idle_expires_at'))
if version ~= ARGV[1] then
    return 0
end
if not is_live(tonumber(ARGV[3]), redis.call('GET', KEYS[2]), revoked_at, created_at, expires_at, idle_expires_at) then
    return 0
end
redis.call('HSET', KEYS[1], 'credential_version', ARGV[2])
return 1
