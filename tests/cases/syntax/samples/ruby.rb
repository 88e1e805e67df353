# Orders of a shop.
require "json"
require_relative "stock"

module Shop
  MAX_LINES = 100

  # One order of one customer.
  class Order < Base
    include Comparable
    attr_reader :customer, :lines

    def initialize(customer, lines = [])
      @customer = customer
      @lines = lines
    end

    # Sum of all lines.
    def total
      lines.sum { |line| line.price * line.count }
    end

    def self.load(path, limit: MAX_LINES)
      File.foreach(path).first(limit).map do |text|
        row = JSON.parse(text)
        new(row["customer"], row["lines"])
      end
    end

    def reserve(stock,
                retries: 3)
      retries.times do |attempt|
        begin
          return true if stock.reserve(lines)
        rescue OutOfStock => error
          puts "attempt #{attempt}: #{error.message}"
        ensure
          stock.release
        end
      end
      false
    end

    class << self
      def empty
        new("nobody")
      end
    end
  end

  Line = Struct.new(:name, :price)
end

def main
  text = <<~TEXT
    a long
    text
  TEXT
  puts text unless ARGV.empty?
end
