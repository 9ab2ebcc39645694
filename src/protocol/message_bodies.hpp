#pragma once

#include "protocol/messages.hpp"

/// The bodies of the longer messages, for messages.cpp.
namespace kiln::protocol {

void put_interval(ByteWriter& out, Interval units);
void put(ByteWriter& out, const Part& message);
void put(ByteWriter& out, const GivenBack& message);
void put(ByteWriter& out, const GivenUp& message);
void put(ByteWriter& out, const Segment& message);
void put(ByteWriter& out, const Holding& message);
void put(ByteWriter& out, const Living& message);

/// These throw kiln::Error (internal) where the bytes are none of theirs.
Interval get_interval(ByteReader& in);
Bytes get_blob(ByteReader& in);
bool get_flag(ByteReader& in);
Part get_part(ByteReader& in);
GivenBack get_given_back(ByteReader& in);
GivenUp get_given_up(ByteReader& in);
Segment get_segment(ByteReader& in);
Holding get_holding(ByteReader& in);
Living get_living(ByteReader& in);

}  // namespace kiln::protocol
