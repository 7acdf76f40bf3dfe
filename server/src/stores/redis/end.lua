-- KEYS: the head. ARGV: now, expires, milliseconds, what records' keys begin with. The record that the head names goes with it;
-- earlier ones expire by themselves.
local kept = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
local expires, record, cookie = string.match(kept or '', '^(%d+) ?(%S*) ?(.*)$')
if not expires or tonumber(expires) <= tonumber(ARGV[1]) or record == '' then
  return { 'absent' }
end
redis.call('DEL', ARGV[4] .. string.sub(record, 17))
return { 'other', record, cookie }
