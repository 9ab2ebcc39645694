#pragma once

#include <kiln/codec.hpp>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>

#include <exception>
#include <streambuf>
#include <string>
#include <type_traits>

/// Lets values travel that Boost.Serialization knows and kiln::Codec does not: types with `serialize`, and what Boost's
/// own headers (boost/serialization/…) add. Include it before such a type is first used in a flow. The program links
/// Boost.Serialization. The bytes are as canonical as what `serialize` writes: no hash tables, no pointers, no
/// long double.
namespace kiln::detail {

class WriterBuffer : public std::streambuf {
 public:
  explicit WriterBuffer(ByteWriter& out) : out_(out) {}

 protected:
  std::streamsize xsputn(const char* data, std::streamsize size) override {
    out_.put_raw(data, static_cast<std::size_t>(size));
    return size;
  }
  int_type overflow(int_type byte) override {
    if (!traits_type::eq_int_type(byte, traits_type::eof())) out_.put(traits_type::to_char_type(byte));
    return traits_type::not_eof(byte);
  }

 private:
  ByteWriter& out_;
};

class ReaderBuffer : public std::streambuf {
 public:
  explicit ReaderBuffer(ByteView bytes) {
    char* const begin = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));  // never written to
    setg(begin, begin, begin + bytes.size());
  }
};

inline constexpr unsigned kArchiveFlags = boost::archive::no_header | boost::archive::no_codecvt;

/// A 64-bit length, then the archive.
template <class T>
  requires std::is_class_v<T>
void write_serialized(BySerialization, ByteWriter& out, const T& value) {
  const std::size_t begin = out.size();
  out.put(std::uint64_t{0});
  WriterBuffer buffer(out);
  {
    boost::archive::binary_oarchive archive(buffer, kArchiveFlags);
    archive << value;
  }
  out.patch(begin, static_cast<std::uint64_t>(out.size() - begin - sizeof(std::uint64_t)));
}

template <class T>
  requires std::is_class_v<T>
T read_serialized(BySerialization, ByteReader& in, const T*) {
  ReaderBuffer buffer(in.get_bytes());
  T value;
  try {
    boost::archive::binary_iarchive archive(buffer, kArchiveFlags);
    archive >> value;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {  // a count that is not true ends in one of many kinds
    damaged_value(error.what());
  }
  if (buffer.in_avail() > 0) damaged_value("it is longer than what Boost.Serialization reads");
  return value;
}

}  // namespace kiln::detail
