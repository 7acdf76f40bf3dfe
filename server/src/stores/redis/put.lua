-- KEYS: the record. ARGV: value, milliseconds. 0: another record is there. A value begins with its kind and 8 bytes of expiry.
local kept = redis.call('GET', KEYS[1])
if kept and string.sub(ARGV[1], 1, 1) == 's' and string.sub(kept, 10) ~= string.sub(ARGV[1], 10) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
