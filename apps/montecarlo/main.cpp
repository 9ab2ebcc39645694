// montecarlo: European call options over a grid of strikes and maturities, priced by simulation and compared with the
// formula of Black and Scholes (1973); then the value-at-risk of a portfolio. docs/programs/montecarlo.md
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <kiln/kiln.hpp>
#include <numbers>

namespace {

constexpr double kSpot = 100, kRate = 0.03, kVolatility = 0.2;

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

/// The price of a call by Black and Scholes: the truth that the simulation is held against.
double black_scholes(double spot, double strike, double years) {
  const double spread = kVolatility * std::sqrt(years);
  const double d1 = (std::log(spot / strike) + (kRate + kVolatility * kVolatility / 2) * years) / spread;
  return spot * normal_cdf(d1) - strike * std::exp(-kRate * years) * normal_cdf(d1 - spread);
}

/// The stock's price after so many years, geometric Brownian motion under the risk-neutral measure.
double stock_after(double years, double normal) {
  return kSpot * std::exp((kRate - kVolatility * kVolatility / 2) * years + kVolatility * std::sqrt(years) * normal);
}

struct Priced {
  double strike, maturity, price, error, exact;
  /// Distance from the exact price in standard errors.
  double distance() const { return std::abs(price - exact) / error; }
};
KILN_COLUMNS(Priced, strike, maturity, price, error, exact)

Priced price(const kiln::Point& point, std::uint64_t paths, kiln::Unit& unit) {
  const double strike = point["strike"], years = point["maturity"];
  double sum = 0, squares = 0;
  for (std::uint64_t i = 0; i < paths; ++i) {
    const double payoff = std::max(stock_after(years, unit.random().normal()) - strike, 0.0);
    sum += payoff;
    squares += payoff * payoff;
  }
  const auto n = static_cast<double>(paths);
  const double mean = sum / n, discount = std::exp(-kRate * years);
  const double error = discount * std::sqrt((squares / n - mean * mean) / (n - 1));
  return {strike, years, discount * mean, error, black_scholes(kSpot, strike, years)};
}

/// A stock and two calls on it that mature after a year: worth more whenever the stock is.
double portfolio(double stock, double years_left) {
  return stock + 2 * black_scholes(stock, 95, years_left) + 3 * black_scholes(stock, 110, years_left);
}

constexpr double kDays = 10.0 / 252;            // the risk is that of ten trading days
constexpr double kDaily = -2.3263478740408408;  // the 1 % quantile of the normal distribution

double loss(kiln::Unit& unit) {
  return portfolio(kSpot, 1) - portfolio(stock_after(kDays, unit.random().normal()), 1 - kDays);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t paths = 200'000, scenarios = 2'000'000;
  kiln::Program program("montecarlo", "Prices options by simulation and compares them with the exact prices.");
  program.option("--paths", paths, "simulated paths an option");
  program.option("--scenarios", scenarios, "simulated ten-day scenarios of the portfolio");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    if (paths < 2 || scenarios < 1'000)
      throw kiln::Error(kiln::ExitCode::usage, "--paths wants at least 2, --scenarios at least 1000");
    kiln::Flow flow("montecarlo");
    auto options =
        flow.grid({{"strike", kiln::linspace(80, 120, 41)}, {"maturity", {0.25, 0.5, 1.0, 2.0}}})
            .map([&](const kiln::Point& point, kiln::Unit& unit) { return price(point, paths, unit); })
            .into(kiln::to_rows("options"), kiln::to_reduce(kiln::Max<double>{}, &Priced::distance, "worst"));
    const auto priced = session.run(options, kiln::inputs(paths));

    constexpr std::uint64_t kTogether = 1'000;  // scenarios a unit
    auto losses =
        flow.range(scenarios / kTogether)
            .flat_map<double>([](std::uint64_t, auto& emit, kiln::Unit& unit) {
              for (std::uint64_t i = 0; i < kTogether; ++i) emit(loss(unit));
            })
            .into(kiln::to_reduce(kiln::Moments{}, "loss"), kiln::to_reduce(kiln::Histogram(-80, 80, 160), "histogram"),
                  kiln::to_reduce(kiln::QuantileSketch{}, "quantiles"));
    const auto risk = session.run(losses);

    const double worst = priced.value.value;
    const double at_risk = std::get<2>(risk.values).quantile(0.99);
    // The portfolio's value rises with the stock's, so its quantile is its value at the stock's quantile.
    const double exact = portfolio(kSpot, 1) - portfolio(stock_after(kDays, kDaily), 1 - kDays);
    const bool good = worst < 4 && std::abs(at_risk / exact - 1) < 0.02;
    session.at_root("print", [&] {
      std::printf("%llu options, %llu paths each: the worst is %.2f standard errors from Black-Scholes (4 allowed)\n",
                  static_cast<unsigned long long>(priced.counts.units), static_cast<unsigned long long>(paths), worst);
      std::printf("ten-day loss of the portfolio: mean %.3f, standard deviation %.3f\n",
                  std::get<0>(risk.values).mean(), std::get<0>(risk.values).std_dev());
      std::printf("99 %% value-at-risk: %.3f simulated, %.3f exact (2 %% allowed)\n", at_risk, exact);
      std::printf("check: %s\n", good ? "good" : "NOT GOOD");
    });
    return good ? priced.exit_code() : 1;
  });
}
