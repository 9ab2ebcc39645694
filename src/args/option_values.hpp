#pragma once

#include "base/time.hpp"
#include "job/run_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The values of options, checked. Each function throws kiln::Error (usage) that names the option, the value, and the
/// forms accepted.
namespace kiln::args {

/// A rank on a busy processor is not to count as dead.
inline constexpr Duration kShortestHeartbeat = std::chrono::milliseconds(200);

enum class Zero { accepted, refused };

std::uint64_t count_value(std::string_view option, const std::string& text, std::uint64_t least, std::uint64_t most);
Duration duration_value(std::string_view option, const std::string& text, Zero zero);
/// How long a rank may be silent: zero, which stands for ever, or kShortestHeartbeat or more.
Duration heartbeat_value(std::string_view option, const std::string& text);
std::uint64_t size_value(std::string_view option, const std::string& text, std::uint64_t least, std::uint64_t most);
/// Of a rank: job::kLeastBudget or more.
std::uint64_t memory_value(std::string_view option, const std::string& text);
/// "10", "5%", "none".
std::optional<job::Allowance> max_failures_value(const std::string& text);
std::optional<job::Allowance> max_rejected_value(const std::string& text);
job::ExportFormats export_value(const std::string& text);
/// "none", "TERM", "SIGUSR2", "10"; given back as the signal's number in digits, "" for none.
std::string signal_value(std::string_view option, const std::string& text);
exec::KeepOutput keep_output_value(const std::string& text);
observe::PrintMode print_value(const std::string& text);
job::ProgressMode progress_value(const std::string& text);
/// In the words of schedule::make_batch_policy.
std::string batch_value(const std::string& text);

}  // namespace kiln::args
