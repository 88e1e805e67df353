import Foundation
import struct Shop.Stock

let maxLines = 100

typealias Cents = Int

protocol Reservable {
    var customer: String { get }
    func reserve(stock: Stock, retries: Int) async throws -> Bool
}

struct Line: Codable {
    let name: String
    var price: Cents
}

enum State: String {
    case open
    case paid
}

/// One order of one customer.
public final class Order: Base, Reservable {
    public let customer: String
    private var lines: [Line] = []

    var total: Cents {
        return lines.reduce(0) { sum, line in sum + line.price }
    }

    init(customer: String) {
        self.customer = customer
    }

    deinit {
        print("gone")
    }

    func reserve(
        stock: Stock,
        retries: Int = 3
    ) async throws -> Bool {
        for attempt in 0..<retries {
            do {
                return try await stock.reserve(lines)
            } catch {
                print("attempt \(attempt): \(error)")
            }
        }
        return false
    }
}

extension Order: CustomStringConvertible {
    var description: String { customer }

    static func empty() -> Order {
        Order(customer: "nobody")
    }
}

func load<T: Decodable>(_ path: String, as type: T.Type) throws -> T {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw ShopError.missing
    }
    return try JSONDecoder().decode(type, from: data)
}

actor Registry {
    func add(_ order: Order) {}
}
