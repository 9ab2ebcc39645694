#pragma once

#include "job/environment.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::job {

/// What `scontrol show job` says of a job: NAME=VALUE.
std::map<std::string, std::string> fields_of_job(std::string_view shown);

/// What a job was asked for, as options of sbatch, each one word: for another job that goes on in its place. `shown`:
/// what `scontrol show job` says of it, or ""; then only what the variables of the job say. What neither of them says
/// (--hint, --distribution, --switches, --gpu-bind, …) is not among them.
std::vector<std::string> options_of_job(std::string_view shown, const Variables& variables);

}  // namespace kiln::job
