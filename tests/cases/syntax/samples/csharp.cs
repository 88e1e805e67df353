using System;
using System.Collections.Generic;
using Json = System.Text.Json;

namespace Shop
{
    /// <summary>
    /// One order of one customer.
    /// </summary>
    public class Order : Base, IReservable
    {
        private const int MaxLines = 100;
        private readonly List<Line> lines = new();

        public string Customer { get; set; } = "";

        public long Total
        {
            get { return lines.Sum(line => line.Price); }
        }

        public Order(string customer)
        {
            Customer = customer;
        }

        [Obsolete("use ReserveAsync")]
        public async Task<bool> Reserve(
            Stock stock,
            int retries = 3)
        {
            for (var attempt = 0; attempt < retries; attempt++)
            {
                try
                {
                    return await stock.Reserve(lines);
                }
                catch (OutOfStock error)
                {
                    Console.WriteLine($"attempt {attempt}: {error.Message}");
                }
            }
            return false;
        }

        public static bool operator ==(Order a, Order b) => a.Customer == b.Customer;
    }

    public interface IReservable
    {
        Task<bool> Reserve(Stock stock, int retries);
    }

    public record Line(string Name, long Price);

    public struct Money { public long Cents; }

    public enum State { Open, Paid }

    public delegate void Changed(Order order);
}
