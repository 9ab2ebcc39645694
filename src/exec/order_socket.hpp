#pragma once

#include "exec/fd.hpp"
#include "exec/spawn_wire.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace kiln::exec {

struct Order {
  OrderHeader header;
  std::string_view body;  ///< valid until the next call of OrderSocket::receive
};

/// The helper's end of the socket pair: orders come in whole.
class OrderSocket {
 public:
  explicit OrderSocket(Fd socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }
  /// The rank is gone.
  bool closed() const { return closed_; }
  /// Reads what is there, without waiting.
  void receive();
  /// The next whole order, oldest first.
  std::optional<Order> next();
  /// `parts`: what follows the header.
  void reply(const ReplyHeader& header, std::span<const std::string_view> parts);

 private:
  Fd socket_;
  bool closed_ = false;
  std::vector<char> buffer_ = std::vector<char>(1 << 16);
  std::size_t begin_ = 0;  // of what was not taken by next()
  std::size_t end_ = 0;
};

}  // namespace kiln::exec
