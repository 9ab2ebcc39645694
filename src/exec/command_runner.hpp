#pragma once

#include "exec/column_extractor.hpp"
#include "exec/command_setup.hpp"
#include "exec/executor.hpp"
#include "exec/output_pattern.hpp"
#include "exec/spawner_client.hpp"
#include "exec/unit_variables.hpp"

#include <optional>
#include <string>

namespace kiln::exec {

/// The largest --output-limit, bytes of each stream.
inline constexpr std::uint64_t kLargestOutputLimit = 64ULL << 20;

/// Units that are commands; a unit's payload is as units/unit_payload.hpp says. A unit succeeds when its exit code is
/// 0.
class CommandRunner : public Runner {
 public:
  /// `client` must outlive this. Throws kiln::Error (usage) for a larger output limit than kLargestOutputLimit.
  CommandRunner(SpawnerClient& client, const CommandSetup& setup, Rank rank, std::string host);

  const Tables& tables() const override { return tables_; }
  void run(const Work& work, Interval claimed, Results& results) override;
  std::uint64_t claim(double) const override { return 1; }
  void cancel() override { client_.cancel(); }
  void give_up() override { client_.give_up(); }
  void signal() override { client_.signal(); }

 private:
  void run_one(UnitId unit, std::uint32_t attempt, const units::UnitPayload& payload, Results& results);
  void put_row(Rows& rows, UnitId unit, std::uint32_t attempt, std::string_view command, const CommandResult& result);
  std::string reason(const ReplyHeader& header, UnitId unit, std::uint32_t attempt,
                     const units::UnitPayload& payload) const;
  std::string ending(const ReplyHeader& header, Duration timeout) const;

  SpawnerClient& client_;
  ColumnExtractor extractor_;
  Tables tables_;
  Rank rank_;
  std::string host_;
  std::string directory_, shell_;
  UnitVariables variables_;
  Duration timeout_{};
  std::uint64_t memory_;  // that a unit may use; 0: any
  bool sends_signal_ = false;
  std::optional<OutputPattern> output_files_;
};

}  // namespace kiln::exec
