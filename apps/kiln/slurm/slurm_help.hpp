#pragma once

#include <string_view>

/// What help says of `kiln slurm …` around the options.
namespace kiln::cli {

std::string_view slurm_usage();
std::string_view slurm_footer();
std::string_view slurm_run_usage();
std::string_view slurm_run_footer();
std::string_view slurm_watch_usage();
std::string_view slurm_watch_footer();
std::string_view slurm_again_usage();
std::string_view slurm_again_footer();
std::string_view slurm_script_usage();
std::string_view slurm_script_footer();

std::string_view slurm_convert_usage();
std::string_view slurm_convert_footer();

}  // namespace kiln::cli
