/* The C modules that scripts use: json, yaml, decimal, regex, hash, time, log. The checks are Lua; each text is a script. */
#include "unit/script_fixture.h"

static struct fixture f;

static int setup(void **state)
{
	(void)state;
	fixture_init(&f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_fini(&f);
	return 0;
}

#define PRELUDE                                                                                    \
	"local json, yaml, decimal = require 'tideway.json', require 'tideway.yaml', require "     \
	"'tideway.decimal' "                                                                       \
	"local regex, hash, time = require 'tideway.regex', require 'tideway.hash', require "      \
	"'tideway.time' "                                                                          \
	"local function eq(a, b) if a ~= b then error(('got %s (%s), expected %s "                 \
	"(%s)'):format(tostring(a), "                                                              \
	"math.type(a) or type(a), tostring(b), math.type(b) or type(b)), 2) end end\n"

static void run(const char *text)
{
	char all[20000];
	snprintf(all, sizeof(all), "%s%s", PRELUDE, text);
	assert_runs(&f, all);
}

static void fails(const char *text, const char *part)
{
	char all[8000];
	snprintf(all, sizeof(all), "%s%s", PRELUDE, text);
	assert_fails_with(&f, all, part);
}

/* ---- json ---- */

static void json_values(void **state)
{
	(void)state;
	run("local v = json.decode ' { \"a\" : [ 1 , -2.5 , true , false , null , \"x\" ] , \"b\" "
	    ": { } , \"c\" : [ ] } '\n"
	    "eq(v.a[1], 1) eq(math.type(v.a[1]), 'integer') eq(v.a[2], -2.5) eq(v.a[3], true) "
	    "eq(v.a[4], false)\n"
	    "eq(v.a[5], json.null) eq(v.a[6], 'x') eq(#v.a, 6) eq(next(v.b), nil) "
	    "eq(tostring(json.null), 'null')\n"
	    "eq(json.encode(v), '{\"a\":[1,-2.5,true,false,null,\"x\"],\"b\":{},\"c\":[]}')\n"
	    "eq(json.decode '\"\\\\u0041\\\\u00e9\\\\ud83d\\\\ude00\\\\n\\\\/\\\\\"\"', "
	    "'Aé😀\\n/\"')\n"
	    "eq(json.encode 'a\"b\\\\c\\n\\1é', '\"a\\\\\"b\\\\\\\\c\\\\n\\\\u0001é\"')\n"
	    "eq(json.encode {}, '{}') eq(json.encode(json.array {}), '[]') "
	    "eq(json.encode(json.array()), '[]')\n"
	    "eq(json.encode(json.object()), '{}') eq(json.encode { z = 1, a = 2, m = { 1 } }, "
	    "'{\"a\":2,\"m\":[1],\"z\":1}')\n"
	    "eq(json.encode(nil), 'null') eq(json.encode(true), 'true') eq(json.encode { { 1, 2 }, "
	    "{ a = json.null } }, '[[1,2],{\"a\":null}]')\n"
	    "eq(json.encode({ a = { 1 }, b = {} }, { indent = 2 }), '{\\n  \"a\": [\\n    1\\n  "
	    "],\\n  \"b\": {}\\n}')\n");
}

static void json_numbers(void **state)
{
	(void)state;
	run("local function round(s) eq(json.encode(json.decode(s)), s) end\n"
	    "round "
	    "'[9223372036854775807,-9223372036854775808,18446744073709551615,"
	    "123456789012345678901234567890]'\n"
	    "round "
	    "'[1.10,1.0,1e5,1E+2,0.1234567890123456789012,100000000000000000000.5,-0,-0.0,1e-7]'\n"
	    "round '{\"a\":{\"b\":[{\"c\":2.50}]}}'\n"
	    "eq(json.decode '9223372036854775807', math.maxinteger) eq(math.type(json.decode "
	    "'1.0'), 'float')\n"
	    "eq(tostring(json.decode '18446744073709551616'), '18446744073709551616')\n"
	    "local v = json.decode '{\"price\":1.10,\"other\":2.20}' v.price = 1.25 "
	    "eq(json.encode(v), '{\"other\":2.20,\"price\":1.25}')\n"
	    "v.price = 1.1 eq(json.encode(v), '{\"other\":2.20,\"price\":1.10}')\n"
	    "v.other = 3 eq(json.encode(v), '{\"other\":3,\"price\":1.10}')\n"
	    "eq(json.encode { decimal '1.50', 0.1, 1e300, 5 // 1, 2.0 }, "
	    "'[1.50,0.1,1e+300,5,2]')\n");
	fails("json.encode(0/0)", "sync.lua:2: json.encode: JSON has no infinity and no NaN");
	fails("json.encode { 1 / 0 }", "JSON has no infinity");
}

static void json_errors(void **state)
{
	(void)state;
	run("local function bad(s, at) local v, m = json.decode(s) eq(v, nil)\n"
	    "if not m:find(at, 1, true) then error(s .. ': ' .. m) end end\n"
	    "bad('', 'line 1, column 1: the text ends too early') bad('{\"a\":1', 'the text ends "
	    "too early')\n"
	    "bad('[1,]', 'line 1, column 4') bad('[1 2]', 'expected , or ]') bad('{\"a\" 1}', "
	    "'expected : after a name')\n"
	    "bad('{a:1}', 'expected a name in quotes') bad('[1]x', 'something follows the value') "
	    "bad('\"a', 'ends inside a string')\n"
	    "bad('\"a\\nb\"', 'a control character inside a string') bad('\"\\\\x\"', 'unknown "
	    "escape') bad('01', 'something follows')\n"
	    "bad('1.', 'a digit must follow the point') bad('1e', 'a digit must follow') bad('-', "
	    "'unexpected character')\n"
	    "bad('\"\\\\ud800\"', 'half of a surrogate pair') bad('\"\\\\ud800\\\\u0041\"', 'half "
	    "of a surrogate pair')\n"
	    "bad('\"\\\\u12g4\"', 'four hex digits') bad('tru', 'unexpected character') bad('nul', "
	    "'unexpected') bad('+1', 'unexpected')\n"
	    "bad('\\n\\n  x', 'line 3, column 3') bad(('['):rep(101), 'nested too deeply') "
	    "bad('1e999', 'beyond the range')\n"
	    "assert(json.decode(('['):rep(100) .. (']'):rep(100)))\n");
	fails("json.encode(print)", "sync.lua:2: json.encode: JSON has no function");
	fails("json.encode { 1, nil, 3, x = 1 }", "neither an array nor an object");
	fails("json.encode { [1.5] = 1 }", "a key of an object is a string, not a number");
	fails("local t = {} t.t = t json.encode(t)", "nested too deeply, or a table inside itself");
	fails("json.encode '\\xff'", "a string is not valid UTF-8");
	fails("json.decode(5)", "sync.lua:2: json: expected a text, got number");
	fails("getmetatable(json.null).__tostring = nil", "attempt to index a boolean");
}

static void json_get(void **state)
{
	(void)state;
	run("local t = "
	    "'{\"a\":{\"b\":[10,{\"c\":\"x\"},2.50]},\"s/t\":1,\"m~n\":2,\"\":3,\"nil\":null}'\n"
	    "eq(json.get(t, '/a/b/0'), 10) eq(json.get(t, '/a/b/1/c'), 'x') eq(json.get(t, "
	    "'/a/b/2'), 2.5)\n"
	    "eq(json.get(t, '/s~1t'), 1) eq(json.get(t, '/m~0n'), 2) eq(json.get(t, '/'), 3) "
	    "eq(json.get(t, '/nil'), json.null)\n"
	    "eq(json.get(t, '/a/b/9'), nil) eq(json.get(t, '/x'), nil) eq(json.get(t, '/a/b/0/c'), "
	    "nil) eq(json.get(t, '/a/b/c'), nil)\n"
	    "eq(json.get('7', ''), 7) local v, m = json.get('{\"a\":', '/a') eq(v, nil) assert(m)\n"
	    "v, m = json.get('{\"a\":1', '/b') eq(v, nil) assert(m:find 'ends too early')\n");
	fails("json.get('{}', 'a')", "a path is");
}

/* ---- decimal ---- */

static void decimal_arithmetic(void **state)
{
	(void)state;
	/* a, operator, b, result */
	run("local cases = {\n"
	    "'1.19 + 0.01 = 1.20', '0.1 + 0.2 = 0.3', '-1 + 1 = 0', '999999999 + 1 = 1000000000', "
	    "'1.5 - 2 = -0.5',\n"
	    "'1000000000000000000000 - 1 = 999999999999999999999', '1.19 * 3 = 3.57', '-0.5 * 0.5 "
	    "= -0.25', '0 * -5 = 0',\n"
	    "'99999999999999999999 * 99999999999999999999 = "
	    "9999999999999999999800000000000000000001',\n"
	    "'123456789.123456789 * 987654321.987654321 = 121932631356500531.347203169112635269',\n"
	    "'10 / 4 = 2.5', '1 / 3 = 0.333333333333333333333333333333', '2 / 3 = "
	    "0.666666666666666666666666666667',\n"
	    "'10.00 / 4 = 2.50', '-7 / 2 = -3.5', '1 / 8 = 0.125', '100000000000000000000 / 7 = "
	    "14285714285714285714.285714285714285714285714285714',\n"
	    "'7 // 2 = 3', '-7 // 2 = -4', '7 // -2 = -4', '-7 // -2 = 3', '7.5 // 0.5 = 15', "
	    "'-0.1 // 1 = -1',\n"
	    "'7 % 3 = 1', '-7 % 3 = 2', '7 % -3 = -2', '-7 % -3 = -1', '7.5 % 2 = 1.5', '-0.1 % 1 "
	    "= 0.9', '6 % 3 = 0',\n"
	    "'1000000000000000000000000000 // 999999999 = 1000000001000000001', "
	    "'1000000000000000000000000000 % 999999999 = 1' }\n"
	    "local ops = { ['+'] = function(a, b) return a + b end, ['-'] = function(a, b) return "
	    "a - b end,\n"
	    "['*'] = function(a, b) return a * b end, ['/'] = function(a, b) return a / b end,\n"
	    "['//'] = function(a, b) return a // b end, ['%'] = function(a, b) return a % b end }\n"
	    "for _, case in ipairs(cases) do local a, op, b, r = case:match('^(%S+) (%S+) (%S+) = "
	    "(%S+)$')\n"
	    "local got = tostring(ops[op](decimal(a), decimal(b))) if got ~= r then error(case .. "
	    "', got ' .. got) end end\n");
	run("eq(tostring(decimal '1.10' + 1), '2.10') eq(tostring(1 + decimal '1.10'), '2.10') "
	    "eq(tostring(decimal '1' * 0.1), '0.1')\n"
	    "eq(tostring(-decimal '1.10'), '-1.10') eq(tostring(-decimal '0'), '0') eq('=' .. "
	    "decimal '1.0', '=1.0') eq(decimal '1' .. 2, '12')\n"
	    "assert(decimal '1.0' == decimal '1.00' and decimal '1' ~= 1 and decimal '1':eq(1) and "
	    "decimal '0.5':eq(0.5))\n"
	    "assert(decimal '-0.00':eq(0) and not decimal '1':eq '1' and not decimal '1':eq(nil))\n"
	    "assert(decimal '1.19' < decimal '1.2' and decimal '-2' < decimal '-1' and decimal '2' "
	    "<= 2 and 3 > decimal '2.9')\n"
	    "assert(not (decimal '1' < decimal '1') and decimal '-1' < 0 and decimal '10' > "
	    "decimal '9')\n"
	    "eq(tostring(decimal '1.005':round(2)), '1.01') eq(tostring(decimal "
	    "'-1.005':round(2)), '-1.01') eq(tostring(decimal '2.5':round()), '3')\n"
	    "eq(tostring(decimal '1.004':round(2)), '1.00') eq(tostring(decimal '1':round(3)), "
	    "'1.000') eq(tostring(decimal '-0.4':round()), '0')\n"
	    "eq(tostring(decimal '999.995':round(2)), '1000.00') eq(decimal '1.500':scale(), 3)\n"
	    "eq(decimal '1.5':tonumber(), 1.5) eq(math.type(decimal '2':tonumber()), 'float') "
	    "eq(decimal '7.00':tointeger(), 7)\n"
	    "eq(decimal '7.5':tointeger(), nil) eq(decimal '18446744073709551615':tointeger(), "
	    "nil)\n"
	    "eq(tostring(decimal '+1e3'), '1000') eq(tostring(decimal '1.5e-3'), '0.0015') "
	    "eq(tostring(decimal(math.mininteger)), '-9223372036854775808')\n"
	    "eq(tostring(decimal(0.1)), '0.1') eq(tostring(decimal(1e21)), "
	    "'1000000000000000000000') eq(tostring(decimal(decimal '5')), '5')\n"
	    "eq(tostring(decimal '.5'), '0.5') eq(tostring(decimal '5.'), '5')\n"
	    "local t = {} t[decimal '1'] = 1 eq(t[decimal '1'], nil)\n");
}

static void decimal_errors(void **state)
{
	(void)state;
	fails("decimal 'x'", "sync.lua:2: decimal: 'x' is not a decimal number");
	fails("decimal ''", "is not a decimal number");
	fails("decimal '1.2.3'", "is not a decimal number");
	fails("local x = decimal '1' + {}",
	      "sync.lua:2: decimal: expected a number or a decimal, got table");
	fails("local x = decimal '1' + '1'", "got string");
	fails("local x = decimal '1' / 0", "decimal: division by zero");
	fails("local x = decimal '1' % decimal '0.00'", "decimal: division by zero");
	fails("decimal(1/0)", "the number is not finite");
	fails("local d = decimal '9' for i = 1, 20 do d = d * d end",
	      "the result has more than 250 digits");
	fails("local x = decimal '1' < 'a'", "got string");
}

/* Compares with Lua's integers: results that fit an integer must be the same. */
static void decimal_against_integers(void **state)
{
	(void)state;
	run("math.randomseed(7) for i = 1, 3000 do\n"
	    "local a, b = math.random(-(1 << 30), 1 << 30) >> math.random(0, 3), "
	    "math.random(-100000, 100000)\n"
	    "if b == 0 then b = 3 end local x, y = decimal(a), decimal(b)\n"
	    "eq(tostring(x + y), tostring(a + b)) eq(tostring(x - y), tostring(a - b)) \n"
	    "if math.abs(a) < 1 << 40 then eq(tostring(x * y), tostring(a * b)) end\n"
	    "eq(tostring(x // y), tostring(a // b)) eq(tostring(x % y), tostring(a % b)) eq(x < y, "
	    "a < b) eq(x <= y, a <= b)\n"
	    "assert((x // y) * y + x % y == x) end\n");
}

/* ---- yaml ---- */

static void yaml_values(void **state)
{
	(void)state;
	run("local v = assert(yaml.decode [[\n"
	    "name: shop\n"
	    "list: [1, 2.5, yes, true, ~, '3', \"x\\ty\"]\n"
	    "empty: []\n"
	    "map: &m {a: 1, b: null}\n"
	    "again: *m\n"
	    "hex: 0x1F\n"
	    "octal: 0o17\n"
	    "inf: -.inf\n"
	    "text: |\n"
	    "  two\n"
	    "  lines\n"
	    "tagged: !!str 12\n"
	    "]])\n"
	    "eq(v.name, 'shop') eq(v.list[1], 1) eq(v.list[2], 2.5) eq(v.list[3], 'yes') "
	    "eq(v.list[4], true) eq(v.list[5], json.null)\n"
	    "eq(v.list[6], '3') eq(v.list[7], 'x\\ty') eq(v.map, v.again) eq(v.map.b, json.null) "
	    "eq(v.hex, 31) eq(v.octal, 15)\n"
	    "eq(v.inf, -math.huge) eq(v.text, 'two\\nlines\\n') eq(v.tagged, '12') "
	    "eq(json.encode(v.empty), '[]')\n"
	    "eq(yaml.decode '', json.null) eq(yaml.decode '9223372036854775807', math.maxinteger) "
	    "eq(yaml.decode '-5', -5)\n"
	    "local function round(x) eq(json.encode(assert(yaml.decode(yaml.encode(x)))), "
	    "json.encode(x)) end\n"
	    "round { a = 1, b = { 'x', 'true', '12', '', 'null', 'no', '1.5', 'a: b', '- c', '#d', "
	    "' lead' }, c = { d = { 1, { 2 } } } }\n"
	    "round { t = true, f = false, n = json.null, x = 1.5, big = math.mininteger, e = "
	    "json.array {} }\n"
	    "eq(yaml.encode { b = 1, a = { 'x' } }, 'a:\\n- x\\nb: 1\\n')\n");
	run("local v, m = yaml.decode 'a: [1' eq(v, nil) assert(m:find('YAML, line'), m)\n"
	    "v, m = yaml.decode 'a: *nope' eq(v, nil) assert(m:find 'alias', m)\n"
	    "v, m = yaml.decode 'a: 1\\n---\\nb: 2' eq(v, nil) assert(m:find 'more than one "
	    "document', m)\n"
	    "v, m = yaml.decode '? [a]\\n: 1' eq(v, nil) assert(m:find 'a key must be a scalar', "
	    "m)\n"
	    "v, m = yaml.decode(('['):rep(200)) eq(v, nil) assert(m:find 'nested too deeply', m)\n"
	    "v, m = yaml.decode '\\xff' eq(v, nil) assert(m)\n");
	fails("yaml.encode(print)", "sync.lua:2: yaml.encode: YAML has no function");
	fails("local t = {} t[1] = t yaml.encode(t)", "a table inside itself");
	fails("yaml.encode { [1.5] = 1 }", "a key of a map is a string");
	fails("yaml.decode(1)", "yaml.decode: expected a text");
}

/* ---- regex ---- */

static void regexes(void **state)
{
	(void)state;
	run("local re = regex.new [[^(\\w+)_(\\d{4})$]]\n"
	    "local a, b = re:match 'log_2024' eq(a, 'log') eq(b, '2024') eq(re:match 'nope', nil) "
	    "eq(re:test 'x_1234', true)\n"
	    "eq(regex.new('a+'):match 'baac', 'aa') eq(regex.new('A', 'i'):test 'a', true) "
	    "eq(regex.new('A'):test 'a', false)\n"
	    "local s, e, c = regex.new('b(.)'):find 'abcb' eq(s, 2) eq(e, 3) eq(c, 'c')\n"
	    "eq(select('#', regex.new('b'):find 'abc'), 2) eq(regex.new('b'):find('abcb', 3), 4) "
	    "eq(regex.new('b'):find('abcb', -1), 4)\n"
	    "local all = regex.new('(a)|(b)|(c)'):captures 'b' eq(all[0], 'b') eq(all[1], false) "
	    "eq(all[2], 'b') eq(all[3], false) eq(#all, 3)\n"
	    "eq(regex.new('(\\\\w)(\\\\d)'):gsub('a1 b2', '$2${1}$$'), '1a$ 2b$') eq(select(2, "
	    "regex.new('x'):gsub('axbx', '')), 2)\n"
	    "eq(regex.new('x'):gsub('axbx', '-', 1), 'a-bx') eq(regex.new('\\\\d+'):gsub('a12b3', "
	    "function(d) return d * 2 end), 'a24b6')\n"
	    "eq(regex.new('\\\\w'):gsub('abc', { a = 'x', b = false }), 'xbc') "
	    "eq(regex.new(''):gsub('é1', '-'), '-é-1-')\n"
	    "local out = {} for k, v in regex.new('(\\\\w)=(\\\\w)'):gmatch 'a=b c=d' do out[#out "
	    "+ 1] = k .. v end eq(table.concat(out, ','), 'ab,cd')\n"
	    "local n = 0 for w in regex.new('\\\\w*'):gmatch 'ab c' do n = n + 1 end eq(n, 4)\n"
	    "eq(regex.new('^é.$'):test 'éü', true)\n");
	fails("regex.new '('", "sync.lua:2: regex '(': missing closing parenthesis");
	fails("regex.new(5)", "regex: expected a string, got number");
	fails("regex.new('a').match('a')", "call it with a colon");
	fails("regex.new('a'):gsub('a', '$1')", "the replacement names group 1, the pattern has 0");
	fails("regex.new('a'):gsub('a', '$')",
	      "'$' in a replacement is followed by a group number");
	fails("regex.new('(a+)+$'):test(('a'):rep(40) .. 'b')", "backtracks without end");
}

/* ---- hash, time, log ---- */

static void hashes(void **state)
{
	(void)state;
	run("eq(hash.md5 '', 'd41d8cd98f00b204e9800998ecf8427e') eq(hash.md5 'abc', "
	    "'900150983cd24fb0d6963f7d28e17f72')\n"
	    "eq(hash.md5(('1234567890'):rep(8)), '57edf4a22be3c955ac49da2e2107b67a')\n"
	    "eq(hash.sha1 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d')\n"
	    "eq(hash.sha1 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', "
	    "'84983e441c3bd26ebaae4aa1f95129e5e54670f1')\n"
	    "eq(hash.sha256 '', "
	    "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')\n"
	    "eq(hash.sha256 'abc', "
	    "'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')\n"
	    "eq(hash.sha256(('a'):rep(1000000)), "
	    "'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0')\n"
	    "for n = 54, 66 do eq(#hash.sha256(('x'):rep(n)), 64) end\n"
	    "eq(hash.hmac_sha256('Jefe', 'what do ya want for nothing?'), "
	    "'5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')\n"
	    "eq(hash.hmac_sha256(('\\xaa'):rep(131), 'Test Using Larger Than Block-Size Key - Hash "
	    "Key First'), '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54')\n"
	    "eq(hash.crc32 '123456789', 0xcbf43926) eq(hash.crc32 '', 0) eq(hash.murmur2 '', "
	    "275646681)\n"
	    "eq(hash.murmur2 '21', -973932308 & 0x7fffffff) eq(hash.murmur2 'foobar', -790332482 & "
	    "0x7fffffff)\n"
	    "eq(hash.murmur2 'a-little-bit-long-string', -985981536 & 0x7fffffff)\n"
	    "eq(hash.murmur2 'a-little-bit-longer-string', -1486304829 & 0x7fffffff) "
	    "eq(hash.md5(5), hash.md5 '5')\n");
	fails("hash.md5 {}", "sync.lua:2: hash: expected a string or an integer, got table");
}

static void times(void **state)
{
	(void)state;
	run("eq(time.parse '1970-01-01', 0) eq(time.parse '2024-02-29', 1709164800000) "
	    "eq(time.parse '2024-02-29 12:30', 1709209800000)\n"
	    "eq(time.parse '2024-02-29T12:30:45.123456Z', 1709209845123) eq(time.parse "
	    "'2024-02-29T12:30:45.1+01:30', 1709204445100)\n"
	    "eq(time.parse '2024-02-29T12:30:45-0500', 1709227845000) eq(time.parse '0001-01-01', "
	    "-62135596800000)\n"
	    "for _, bad in ipairs { '', '2023-02-29', '2024-13-01', '2024-1-1', '2024-01-01 "
	    "25:00', '2024-01-01x', '2024-01-01 1:00', 'now',\n"
	    "'2024-01-01 00:00:60', '2024-01-01 00:00:00.', '2024-01-01\\0' } do local v, m = "
	    "time.parse(bad) eq(v, nil) assert(m:find 'is not a time') end\n"
	    "eq(time.format(0), '1970-01-01T00:00:00.000Z') eq(time.format(1709209845123), "
	    "'2024-02-29T12:30:45.123Z') eq(time.format(-1), '1969-12-31T23:59:59.999Z')\n"
	    "eq(time.format(1709209845123, '%Y/%m/%d %H'), '2024/02/29 12') "
	    "assert(math.abs(time.now() - os.time() * 1000) < 5000)\n"
	    "for i = 1, 200 do local ms = math.random(-62135596800000, 253402300799999) "
	    "eq(time.parse(time.format(ms)), ms) end\n");
	fails("time.format(1.5)", "expected integer milliseconds");
	fails("time.parse(5)", "sync.lua:2: time.parse: expected a text, got number");
	fails("time.format(math.maxinteger)", "outside of the years");
}

static void logs(void **state)
{
	(void)state;
	fixture_write(f.folder, "s.txt", "hidden");
	run("local log = require 'tideway.log' log.debug 'not shown' log.info('%d rows of %s', 3, "
	    "require 'tideway.secret' 's.txt')\n"
	    "log.warn(nil) log.error { } log.info()\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(json_values),
		TEST(json_numbers),
		TEST(json_errors),
		TEST(json_get),
		TEST(decimal_arithmetic),
		TEST(decimal_errors),
		TEST(decimal_against_integers),
		TEST(yaml_values),
		TEST(regexes),
		TEST(hashes),
		TEST(times),
		TEST(logs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
