-- tideway.text: letter case, white space and normal form of Unicode text.
local test = require "tideway.test"
local text = require "tideway.text"

test.case("letter case", function()
  test.equal(text.lower "ÄÖÜ Straße ΑΒΓ ЖЩ ABC İ", "äöü straße αβγ жщ abc i")
  test.equal(text.upper "äöü éàç αβγς жщ abc 1", "ÄÖÜ ÉÀÇ ΑΒΓΣ ЖЩ ABC 1")
  test.equal(text.lower "", "")
  test.equal(text.lower "日本語 😀 a\0B", "日本語 😀 a\0b")
  test.equal(text.lower "Ⱥ", "ⱥ") -- one byte longer
  test.equal(text.lower(("Ⱥ"):rep(5000)), ("ⱥ"):rep(5000))
  test.equal(text.upper(text.lower(("ÄÖ x"):rep(3000))), ("ÄÖ X"):rep(3000))
end)

test.case("letters that have no single other letter stay", function()
  test.equal(text.upper "ﬁ", "ﬁ")
  test.equal(text.upper "ß", "ẞ")
  test.equal(text.lower "ΟΔΟΣ", "οδοσ") -- the final sigma depends on the word
end)

test.case("white space of Unicode is trimmed at both ends", function()
  test.equal(text.trim "  a b \t\r\n", "a b")
  test.equal(text.trim "\u{a0}\u{3000}\u{2003}\u{2028}\u{85}ä\u{a0}ö\u{202f}\u{1680}", "ä\u{a0}ö")
  test.equal(text.trim " \u{a0} ", "")
  test.equal(text.trim "", "")
  test.equal(text.trim "x", "x")
  test.equal(text.trim "\u{200b}x\u{feff}", "\u{200b}x\u{feff}") -- not white space
  test.equal(text.trim "\0x\0", "\0x\0")
end)

test.case("normal form C", function()
  test.equal(text.nfc "a\u{308}o\u{308} e\u{301}", "äö é")
  test.equal(text.nfc "plain", "plain")
  test.equal(text.nfc "ä", "ä")
  test.equal(text.nfc "\u{212b}", "Å") -- the ångström sign
  test.equal(text.nfc "\u{1100}\u{1161}\u{11a8}", "각")
  test.equal(text.nfc "q\u{307}\u{323}", "q\u{323}\u{307}") -- marks in their order
  test.equal(text.nfc "ﬁ", "ﬁ") -- a compatibility character stays
  test.equal(text.nfc "\u{fb2c}", "\u{5e9}\u{5bc}\u{5c1}") -- longer than before
  test.equal(text.nfc(("e\u{301}\0"):rep(4000)), ("é\0"):rep(4000))
end)

test.case("names in camelCase and snake_case", function()
  local names = {
    { "user_id", "userId", "user_id" }, { "USER_ID", "userId", "user_id" }, { "userId", "userId", "user_id" },
    { "UserID", "userId", "user_id" }, { "HTTPServer", "httpServer", "http_server" }, { "user_ID", "userId", "user_id" },
    { "order-no.2 x", "orderNo2X", "order_no_2_x" }, { "a__b", "aB", "a_b" }, { "_id_", "_id_", "_id_" },
    { "address1Line", "address1Line", "address1_line" }, { "äpfel_ÖL", "äpfelÖl", "äpfel_öl" }, { "ǅungla_x", "ǆunglaX", "ǆungla_x" },
    { "日本_語", "日本語", "日本_語" }, { "id", "id", "id" }, { "ID", "id", "id" }, { "", "", "" }, { "__", "__", "__" },
  }
  for _, one in ipairs(names) do
    test.equal(text.camel(one[1]), one[2])
    test.equal(text.snake(one[1]), one[3])
    test.equal(text.camel(one[2]), one[2])
    test.equal(text.snake(one[3]), one[3])
  end
  test.equal(text.camel(("ab_"):rep(3000)), "ab" .. ("Ab"):rep(2999) .. "_")
end)

test.case("invalid UTF-8 is an error that names the byte", function()
  for name in pairs { lower = 1, upper = 1, trim = 1, nfc = 1, camel = 1, snake = 1 } do
    local function fails(value, at, byte)
      local message = test.raises(function() text[name](value) end,
        ("text.%s: the string is not valid UTF-8: byte %d is \\x%s;"):format(name, at, byte))
      test.ok(message:find("text.lua:%d+:"), message)
    end
    fails("ab\xffc", 3, "ff")
    fails("ä\xc3", 3, "c3")
    fails("\xed\xa0\x80", 1, "ed") -- half of a surrogate pair
    fails("\xc0\x80", 1, "c0")
    fails("x\xf4\x90\x80\x80", 2, "f4")
    test.raises(function() text[name](nil) end, ("text.%s: expected a string, got nil"):format(name))
    test.raises(function() text[name](5) end, ("text.%s: expected a string, got number"):format(name))
  end
end)
