#include "units/unit_payload.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <random>
#include <string>

namespace kiln::units {
namespace {

Bytes encoded(const UnitFields& fields, std::string_view command) {
  ByteWriter out;
  append_payload(fields, command, out);
  return out.take();
}

TEST(UnitPayload, TravelsWhole) {
  UnitFields all;
  all.line = 17;
  all.place = 16;
  all.repeat = 0;
  all.array_index = ~0ULL;
  all.timeout = Duration::max();
  UnitFields limit;
  limit.timeout = Duration::zero();
  for (const UnitFields& fields : {UnitFields(), all, limit}) {
    for (const std::string command : {"", "echo a\nb\xff", "l17", "-x"}) {
      const Bytes bytes = encoded(fields, command);
      EXPECT_EQ(bytes.size(), payload_size(fields, command));
      EXPECT_LE(bytes.size(), kMostFieldBytes + command.size());
      const UnitPayload read = decode_payload(bytes);
      EXPECT_EQ(read.fields, fields);
      EXPECT_EQ(read.command, command);
    }
  }
  EXPECT_EQ(encoded({}, "echo a").size(), 7U);
}

TEST(UnitPayload, RefusesWhatNobodyWrites) {
  const auto refused = [](std::string_view bytes) { EXPECT_THROW(decode_payload(as_bytes(bytes)), Error) << bytes; };
  using namespace std::string_view_literals;
  refused("");
  refused("echo a");
  refused("l17\0"sv);
  refused("l17\0echo a"sv);
  refused("l\0\0a"sv);
  refused("lx\0\0a"sv);
  refused("l-1\0\0a"sv);
  refused("l99999999999999999999\0\0a"sv);
  refused("t9223372036854775808\0\0a"sv);
  refused("z1\0\0a"sv);
  refused("\0a\0b"sv);
}

TEST(UnitPayload, EitherReadsOrRefusesAnyBytes) {
  UnitFields fields;
  fields.line = 123;
  fields.timeout = std::chrono::seconds(5);
  const Bytes good = encoded(fields, "echo hello");
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = good;
    for (unsigned i = random() % 4; i > 0; --i) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    bytes.resize(random() % (bytes.size() + 1));
    try {
      const UnitPayload read = decode_payload(bytes);
      EXPECT_LE(read.command.size(), bytes.size());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::internal);
    }
  }
}

}  // namespace
}  // namespace kiln::units
