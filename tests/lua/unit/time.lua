-- tideway.time: texts by patterns, and time zones.
local test = require "tideway.test"
local time = require "tideway.time"

local function iso(text, pattern, zone)
  local ms, message = time.parse(text, pattern, zone)
  return ms and time.format(ms) or message
end

test.case("without a pattern", function()
  test.equal(iso "2024-02-29", "2024-02-29T00:00:00.000Z")
  test.equal(iso "2024-02-29 12:30:00.2509", "2024-02-29T12:30:00.250Z")
  test.equal(iso "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z")
  test.equal(time.parse "1969-12-31T23:59:59.999Z", -1)
  test.equal(iso "2024-02-29T00:30:00+01:00", "2024-02-28T23:30:00.000Z")
  test.equal(iso "2024-02-29 00:30-03", "2024-02-29T03:30:00.000Z")
  for _, text in ipairs { "", "x", "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-01-32", "2024-01-01T",
    "2024-01-01 24:00",
    "2024-01-01 10:60", "2024-01-01 10:00:60", "2024-01-01 10:00:00.", "2024-01-01 10:00 x", "2024-01-01x", "2024-01-01 10:00+15:00",
    "2024-01-01 10:00+01:", "2024-01-01\0" } do
    test.equal(time.parse(text), nil)
  end
end)

test.case("by a pattern", function()
  test.equal(iso("31.1.2024", "%d.%m.%Y"), "2024-01-31T00:00:00.000Z")
  test.equal(iso("20240131T235958", "%Y%m%dT%H%M%S"), "2024-01-31T23:59:58.000Z")
  test.equal(iso("1/31/24 12:05 AM", "%D %I:%M %p"), "2024-01-31T00:05:00.000Z")
  test.equal(iso("1/31/69 12:05 pm", "%D %I:%M %p"), "1969-01-31T12:05:00.000Z")
  test.equal(iso("31 01 68 1 PM", "%d %m %y %I %p"), "2068-01-31T13:00:00.000Z")
  test.equal(iso("Wed, 31 Jan 2024 10:00:00 +0230", "%a, %d %b %Y %T %z"), "2024-01-31T07:30:00.000Z")
  test.equal(iso("wednesday  MARCH  5 2024", "%A %B %e %Y"), "2024-03-05T00:00:00.000Z")
  test.equal(iso("2024-01-31 10:00:00,25 Z", "%F %T,%L %z"), "2024-01-31T10:00:00.250Z")
  test.equal(iso("1706695200", "%s"), "2024-01-31T10:00:00.000Z")
  test.equal(iso("-1.5", "%s.%L"), "1969-12-31T23:59:59.500Z")
  test.equal(iso("100% 2024-01-31", "100%% %F"), "2024-01-31T00:00:00.000Z")
  for _, one in ipairs { { "30.02.2024", "%d.%m.%Y" }, { "1.1.24", "%d.%m.%Y" }, { "1.1.2024 ", "%d.%m.%Y" },
    { "2024-01-01 24:00", "%F %R" }, { "2024-01-01 13 PM", "%F %I %p" }, { "2024-01-01 14 PM", "%F %H %p" }, { "2024-Foo-01",
    "%Y-%b-%d" }, { "2024-01-01", "%F %T" },
    { "2024-01-01 x", "%F %z" }, { "x", "%s" }, { "9999999999999", "%s" } } do
    local ms, message = time.parse(one[1], one[2])
    test.equal(ms, nil)
    test.equal(message, ("'%s' is not a time of the form '%s'"):format(one[1], one[2]))
  end
end)

test.case("a wrong pattern names the line", function()
  local message = test.raises(function() time.parse("x", "%Q") end, "time.parse: '%Q' in the pattern '%Q' is not one of: Yymde")
  test.ok(message:find("^time.lua:%d+: "), message)
  test.raises(function() time.parse("x", "%F %") end, "'%%' in the pattern '%F %'")
  test.raises(function() time.parse("x", "%H:%M") end, "the pattern '%H:%M' has no complete date: it needs a year, "
    .. "a month and a day, or %s")
  test.raises(function() time.parse("x", "%Y-%m") end, "has no complete date")
  test.raises(function() time.parse("x", "%F %I:%M") end, "has %I without %p: write %H for 24 hours")
  test.raises(function() time.parse("x", 5) end, "a pattern is a text")
  test.raises(function() time.parse(5) end, "time.parse: expected a text, got number")
  test.raises(function() time.format("5") end, "time.format: expected integer milliseconds, got string")
  test.raises(function() time.format(1 << 60) end, "is outside of the years 0 to 9999")
end)

local function local_time(text, zone)
  return time.format(time.parse(text), nil, zone)
end

test.case("time zones: a time in another zone", function()
  test.equal(local_time("2024-07-01", "Europe/Berlin"), "2024-07-01T02:00:00.000+02:00")
  test.equal(local_time("2024-01-01", "Europe/Berlin"), "2024-01-01T01:00:00.000+01:00")
  test.equal(local_time("2024-01-01", "America/St_Johns"), "2023-12-31T20:30:00.000-03:30")
  test.equal(local_time("2024-01-01 00:00:00.001", "Asia/Kathmandu"), "2024-01-01T05:45:00.001+05:45")
  test.equal(local_time("1960-07-01", "Europe/Berlin"), "1960-07-01T01:00:00.000+01:00") -- no summer time
  test.equal(local_time("1850-01-01", "Europe/Berlin"), "1850-01-01T00:53:28.000+00:53") -- before zones
  test.equal(local_time("2024-01-01", "UTC"), "2024-01-01T00:00:00.000+00:00")
  test.equal(local_time("2024-01-01", "-09:30"), "2023-12-31T14:30:00.000-09:30")
  test.equal(time.format(0, "%Z %z %s %L %%L", "Europe/Paris"), "CET +0100 0 000 %L")
  test.equal(time.format(-1, "%s.%L"), "-1.999")
  test.equal(time.format(0, "%Z"), "UTC")
end)

test.case("time zones: after the last entry of the table", function()
  test.equal(local_time("2090-07-01", "Europe/Berlin"), "2090-07-01T02:00:00.000+02:00")
  test.equal(local_time("2090-12-01", "Europe/Berlin"), "2090-12-01T01:00:00.000+01:00")
  test.equal(local_time("2090-01-01", "Australia/Lord_Howe"), "2090-01-01T11:00:00.000+11:00")
  test.equal(local_time("2090-07-01", "Australia/Lord_Howe"), "2090-07-01T10:30:00.000+10:30")
  test.equal(local_time("2090-07-01", "Europe/Dublin"), "2090-07-01T01:00:00.000+01:00")
  test.equal(local_time("2090-01-01", "Europe/Dublin"), "2090-01-01T00:00:00.000+00:00")
  -- the last Sundays of March and October
  test.equal(local_time("2090-03-26 00:59:59", "Europe/Berlin"), "2090-03-26T01:59:59.000+01:00")
  test.equal(local_time("2090-03-26 01:00:00", "Europe/Berlin"), "2090-03-26T03:00:00.000+02:00")
  test.equal(local_time("2090-10-29 00:59:59", "Europe/Berlin"), "2090-10-29T02:59:59.000+02:00")
  test.equal(local_time("2090-10-29 01:00:00", "Europe/Berlin"), "2090-10-29T02:00:00.000+01:00")
end)

test.case("time zones: a local time", function()
  test.equal(iso("2024-07-01", nil, "Europe/Berlin"), "2024-06-30T22:00:00.000Z")
  test.equal(iso("2024-07-01 12:00:00.007", nil, "America/New_York"), "2024-07-01T16:00:00.007Z")
  test.equal(iso("1969-12-31 23:59:59.999", nil, "+00:00"), "1969-12-31T23:59:59.999Z")
  test.equal(iso("01.07.2090 12:00", "%d.%m.%Y %H:%M", "Europe/Berlin"), "2090-07-01T10:00:00.000Z")
  -- an offset in the text takes precedence
  test.equal(iso("2024-07-01T12:00:00Z", nil, "Europe/Berlin"), "2024-07-01T12:00:00.000Z")
  test.equal(iso("2024-07-01 12:00 +05", "%F %R %z", "Europe/Berlin"), "2024-07-01T07:00:00.000Z")
  test.equal(iso("0", "%s", "Europe/Berlin"), "1970-01-01T00:00:00.000Z")
  -- set back: the earlier time; set forward: none
  test.equal(iso("2027-10-31 02:30", nil, "Europe/Berlin"), "2027-10-31T00:30:00.000Z")
  test.equal(iso("2090-10-29 02:30", nil, "Europe/Berlin"), "2090-10-29T00:30:00.000Z")
  for _, text in ipairs { "2027-03-28 02:00", "2027-03-28 02:59:59.999", "2090-03-26 02:30" } do
    test.equal(iso(text, nil, "Europe/Berlin"), ("'%s' does not exist in Europe/Berlin: the clocks are set forward"):format(text))
  end
  test.equal(iso("2027-03-28 03:00", nil, "Europe/Berlin"), "2027-03-28T01:00:00.000Z")
end)

test.case("time zones: there and back", function()
  for _, zone in ipairs { "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca", "+14:00" } do
    for day = -20000, 60000, 97 do
      local ms = day * 86400000 + 43200000 + day % 1000
      local text = time.format(ms, "%Y-%m-%d %H:%M:%S.%L", zone)
      test.equal(time.parse(text, nil, zone), ms)
      test.equal(time.parse(time.format(ms, nil, "Asia/Tokyo")), ms)
    end
  end
end)

test.case("a zone that the system does not have", function()
  for _, zone in ipairs { "Europe/Berlni", "", "../../../etc/passwd", "/etc/passwd", "Europe", "zone.tab", "+1:00", "+15:00",
    "CEST-2", "Europe/Berlin\0" } do
    local message = test.raises(function() time.format(0, nil, zone) end,
    "is not a time zone of this system. Expected a name of the IANA")
    test.ok(message:find("^time.lua:%d+: time.format: "), message)
  end
  test.raises(function() time.parse("2024-01-01", nil, "Mars/Base") end, "time.parse: 'Mars/Base' is not a time zone")
  test.raises(function() time.format(0, nil, 5) end, 'a zone is a name such as "Europe/Berlin", not a number')
end)
