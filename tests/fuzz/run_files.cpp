#include "observe/status.hpp"
#include "store/journal_layout.hpp"
#include "store/owner.hpp"
#include "store/rows_codec.hpp"
#include "store/run_facts.hpp"
#include "target.hpp"

// The small text files of a run directory.
namespace {

using namespace kiln;  // NOLINT(google-build-using-namespace): a target is one file

void read(std::uint8_t what, const std::string& text) {
  switch (what % 5) {
    case 0: {
      const store::RunFacts facts = store::parse_run_facts(text, "run.json");
      const std::string once = store::to_json(facts);
      fuzz::require(store::to_json(store::parse_run_facts(once, "run.json")) == once, "run.json says the same again");
      break;
    }
    case 1: {
      const auto owner = store::parse_owner(text);
      if (owner) fuzz::require(store::parse_owner(store::to_json(*owner)).has_value(), "owner.json is read again");
      break;
    }
    case 2:
      observe::status_from_json(text);
      break;
    case 3: {
      const Schema schema = store::parse_schema(text);
      fuzz::require(store::parse_schema(store::schema_text(schema)) == schema, "a schema says the same again");
      break;
    }
    default:
      store::layout::parse_entry_name(text);
      store::layout::parse_folder_name(text);
      store::layout::parse_retired_name(text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices input(data, size);
  const std::uint8_t what = input.next();
  try {
    read(what, fuzz::text_of(input.rest()));
  } catch (const Error&) {
  }
  return 0;
}
