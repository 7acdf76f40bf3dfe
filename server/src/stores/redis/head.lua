-- KEYS: the head. ARGV: now, what records' keys begin with.
local kept = redis.call('GET', KEYS[1])
local expires, record, cookie = string.match(kept or '', '^(%d+) ?(%S*) ?(.*)$')
if not expires or tonumber(expires) <= tonumber(ARGV[1]) then
  return { 'absent' }
end
if record == '' then
  return { 'ended' }
end
return { 'other', record, cookie, redis.call('GET', ARGV[2] .. string.sub(record, 17)) }
