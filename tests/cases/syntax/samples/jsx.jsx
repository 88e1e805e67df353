import React, { useState } from "react";
import { Line } from "./Line";

export function OrderList({ orders, onOpen }) {
  const [open, setOpen] = useState(null);

  const toggle = (id) => {
    setOpen(open === id ? null : id);
    onOpen(id);
  };

  return (
    <ul className="orders">
      {orders.map((order) => (
        <li key={order.id} onClick={() => toggle(order.id)}>
          {order.customer}
          {open === order.id && <Line lines={order.lines} />}
        </li>
      ))}
    </ul>
  );
}

class Legacy extends React.Component {
  render() {
    return <div title="It's &amp; fine">{this.props.children}</div>;
  }
}
