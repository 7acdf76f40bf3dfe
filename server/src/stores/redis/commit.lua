-- One step: nothing else runs meanwhile.
-- ARGV: now | head: '' or '1', from, to, cookie, expires, milliseconds, what records' keys begin with
--           | record: '' or '1', value, milliseconds
-- KEYS: the head, if there is one; the record, if there is one; what is listed.
-- A head is 'expires record cookie', a tombstone 'expires'.
local next_key = 1
local head
if ARGV[2] ~= '' then
  head, next_key = KEYS[1], 2
  local kept = redis.call('GET', head)
  local expires, record, cookie = string.match(kept or '', '^(%d+) ?(%S*) ?(.*)$')
  if expires and tonumber(expires) > tonumber(ARGV[1]) then
    if record == '' then
      return { 'ended' }
    end
    if record ~= ARGV[3] and not (record == ARGV[4] and cookie == ARGV[5]) then
      return { 'other', record, cookie, redis.call('GET', ARGV[8] .. string.sub(record, 17)) }
    end
  end
end
if ARGV[9] ~= '' then
  local key = KEYS[next_key]
  next_key = next_key + 1
  local kept = redis.call('GET', key)
  if kept and string.sub(ARGV[10], 1, 1) == 's' and string.sub(kept, 10) ~= string.sub(ARGV[10], 10) then
    return { 'conflict' }
  end
  redis.call('SET', key, ARGV[10], 'PX', ARGV[11])
end
if head then
  if ARGV[4] == '' then
    redis.call('DEL', head)
  else
    redis.call('SET', head, ARGV[6] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5], 'PX', ARGV[7])
  end
end
local told = { 'saved' }
for place = next_key, #KEYS do
  told[#told + 1] = redis.call('GET', KEYS[place])
end
return told
