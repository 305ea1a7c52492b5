-- tideway.hash: digests against published vectors, and digests that follow one another.
local hash = require "tideway.hash"
local test = require "tideway.test"

test.case("SHA-512 (FIPS 180-4)", function()
  test.equal(hash.sha512 "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    .. "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
  test.equal(hash.sha512 "", "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
    .. "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e")
end)

test.case("XXH64 with seed 0, as xxhsum prints it", function()
  test.equal(hash.xxh64 "", "ef46db3751d8e999")
  test.equal(hash.xxh64 "a", "d24ec4f1a98c6e5b")
  test.equal(hash.xxh64 "abc", "44bc2cf5ad770999")
  test.equal(hash.xxh64 "Nobody inspects the spammish repetition", "fbcea83c8a378bf1")
end)

test.case("a digest does not depend on those before it", function()
  local first = hash.sha256 "abc"
  hash.hmac_sha256("key", "text")
  test.raises(function() hash.sha256 {} end, "expected a string or an integer, got table")
  hash.hmac_sha256(("k"):rep(200), "text")
  test.equal(hash.sha256 "abc", first)
  test.equal(hash.hmac_sha256("Jefe", "what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  test.equal(hash.hmac_sha256("", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  test.equal(hash.hmac_sha256(5, "x"), hash.hmac_sha256("5", "x"))
end)

test.case("a key may be a secret, also that of a mask", function()
  local key = require "tideway.secret" "support/key.txt"
  local expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
  test.equal(hash.hmac_sha256(key, "what do ya want for nothing?"), expected)
  test.equal(require("tideway.mask").hash { key = key }.apply "what do ya want for nothing?", expected)
end)

test.case("a wrong argument names the line", function()
  local message = test.raises(function() hash.sha512(true) end, "hash: expected a string or an integer, got boolean")
  test.ok(message:find("hash.lua:%d+:"), message)
  test.raises(function() hash.hmac_sha256(nil, "x") end, "hash: expected a string or an integer, got nil")
end)
