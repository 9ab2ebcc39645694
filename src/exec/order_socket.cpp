#include "exec/order_socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kiln::exec {

void OrderSocket::receive() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size() && begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  const ssize_t got = recv(socket_.get(), buffer_.data() + end_, buffer_.size() - end_, MSG_DONTWAIT);
  if (got > 0) {
    end_ += static_cast<std::size_t>(got);
  } else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    closed_ = true;
  }
}

std::optional<Order> OrderSocket::next() {
  Order order;
  if (end_ - begin_ < sizeof order.header) return std::nullopt;
  std::memcpy(&order.header, buffer_.data() + begin_, sizeof order.header);
  if (end_ - begin_ - sizeof order.header < order.header.size) return std::nullopt;
  order.body = {buffer_.data() + begin_ + sizeof order.header, order.header.size};
  begin_ += sizeof order.header + order.header.size;
  return order;
}

void OrderSocket::reply(const ReplyHeader& header, std::span<const std::string_view> parts) {
  ReplyHeader copy = header;
  std::vector<iovec> all{{&copy, sizeof copy}};
  for (const std::string_view part : parts) all.push_back({const_cast<char*>(part.data()), part.size()});
  if (!send_all(socket_.get(), all.data(), all.size())) closed_ = true;
}

}  // namespace kiln::exec
