#include "base/pattern.hpp"

#include "base/text.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>

namespace kiln {
namespace {

RE2::Options options_for(RE2::Options::Encoding encoding) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(encoding);
  return options;
}

}  // namespace

struct Pattern::Engine {
  explicit Engine(std::string_view text)
      : characters("(?m:" + std::string(text) + ")", options_for(RE2::Options::EncodingUTF8)),
        bytes("(?m:" + std::string(text) + ")", options_for(RE2::Options::EncodingLatin1)) {}

  const RE2& for_text(std::string_view text) const { return characters.ok() && is_utf8(text) ? characters : bytes; }

  RE2 characters, bytes;
};

Pattern::Pattern(std::string_view text) {
  // Alone first: what is wrong with it is said of what was written, not of what was put around it.
  const RE2 alone(re2::StringPiece(text.data(), text.size()),
                  options_for(is_utf8(text) ? RE2::Options::EncodingUTF8 : RE2::Options::EncodingLatin1));
  if (!alone.ok()) {
    const std::size_t found = alone.error_arg().empty() ? std::string_view::npos : text.find(alone.error_arg());
    throw Fault(alone.error(), found == std::string_view::npos ? text.size() : found);
  }
  engine_ = std::make_unique<Engine>(text);
  if (!engine_->bytes.ok()) throw Fault(engine_->bytes.error(), text.size());
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

bool Pattern::occurs_in(std::string_view text) const {
  return engine_->for_text(text).Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

std::optional<std::string_view> Pattern::last_match(std::string_view text) const {
  const RE2& re = engine_->for_text(text);
  const int group = std::min(re.NumberOfCapturingGroups(), 1);
  const re2::StringPiece all(text.data(), text.size());
  std::array<re2::StringPiece, 2> parts;
  std::optional<std::string_view> found;
  std::size_t at = 0;
  while (at <= text.size() && re.Match(all, at, text.size(), RE2::UNANCHORED, parts.data(), group + 1)) {
    const auto& part = parts[static_cast<std::size_t>(group)];
    // A group that took no part in the match gives nothing, but the match is the last one all the same.
    found = part.data() == nullptr ? std::string_view() : std::string_view(part.data(), part.size());
    const auto end = static_cast<std::size_t>(parts[0].data() - text.data()) + parts[0].size();
    at = parts[0].empty() ? end + 1 : end;
  }
  return found;
}

}  // namespace kiln
