#pragma once

#include <string>
#include <string_view>
#include <vector>

/// A batch script of a job array, made into one that runs it in one job.
namespace kiln::cli {

struct Converted {
  std::string script;              ///< the new one; it runs the old one, unchanged, once for each index
  std::vector<std::string> notes;  ///< what it does not do, or does otherwise, a line each
};

/// `name`: of the old script, as it is found from the job's directory; `text`: of it; `program`: the path of kiln.
/// Throws kiln::Error (bad_input) for a script that is no job array, or with lines that sbatch would not take.
Converted convert_array(const std::string& name, std::string_view text, const std::string& program);

/// Lines that start a program by srun, numbers from 1; not comments.
struct SrunLines {
  std::vector<std::size_t> by_name;  ///< srun, of which kiln has its own for commands
  std::vector<std::size_t> by_path;  ///< /usr/bin/srun, which is Slurm's; but for those with --overlap
};
SrunLines srun_lines(std::string_view text);

/// The words of a line behind #SBATCH, quotes taken off, up to a comment.
std::vector<std::string> sbatch_line_words(std::string_view line);

/// `kiln slurm convert FILE`: the script to standard output, the notes to standard error. Throws kiln::Error
/// (bad_input).
int show_converted(const std::string& file);

}  // namespace kiln::cli
