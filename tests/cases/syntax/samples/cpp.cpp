#include <string>
#include <vector>
#include "stock.hpp"

using namespace std;
using Cents = unsigned long;

namespace shop {

template <typename T>
class Order : public Base<T> {
 public:
  explicit Order(std::string customer) : customer_(std::move(customer)) {}
  ~Order() override = default;

  Cents total() const {
    Cents total = 0;
    for (const auto& line : lines_) {
      total += line.price;
    }
    return total;
  }

  bool reserve(Stock& stock, int retries = 3);

  bool operator==(const Order& other) const { return customer_ == other.customer_; }

 private:
  std::string customer_;
  std::vector<T> lines_;
};

struct Line {
  std::string name;
  Cents price;
};

enum class State { Open, Paid };

template <typename T>
bool Order<T>::reserve(Stock& stock, int retries) {
  auto attempt = [&](int count) {
    return stock.reserve(lines_, count);
  };
  try {
    return attempt(retries);
  } catch (const OutOfStock& error) {
    return false;
  }
}

}  // namespace shop

int main() {
  const char* text = R"(a "raw" string)";
  return shop::Line{"a", 1}.price == 0;
}
