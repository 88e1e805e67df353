-- Orders of a shop.
local json = require("json")
local stock = require "shop.stock"

local MAX_LINES = 100

local Order = {}
Order.__index = Order

--- One order of one customer.
function Order.new(customer, lines)
  local self = setmetatable({}, Order)
  self.customer = customer
  self.lines = lines or {}
  return self
end

-- Sum of all lines.
function Order:total()
  local total = 0
  for _, line in ipairs(self.lines) do
    total = total + line.price * line.count
  end
  return total
end

local function reserve(order, retries)
  for attempt = 1, retries do
    if stock.reserve(order.lines) then
      return true
    else
      print("attempt " .. attempt .. [[: it's
out of stock]])
    end
  end
  return false
end

--[[ Read all orders
     of a file. ]]
local load = function(path)
  local orders = {}
  repeat
    local text = io.read("l")
    orders[#orders + 1] = json.decode(text)
  until not text
  return orders
end

Order.empty = function()
  return Order.new("nobody")
end

return { Order = Order, reserve = reserve, load = load }
