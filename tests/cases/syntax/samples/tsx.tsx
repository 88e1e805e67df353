import { FC, useMemo } from "react";
import type { Line } from "./typescript";

interface Props {
  lines: Line[];
  onRemove?: (line: Line) => void;
}

export const Table: FC<Props> = ({ lines, onRemove }) => {
  const total = useMemo(() => lines.reduce((sum, line) => sum + line.price, 0), [lines]);

  return (
    <table>
      {lines.map((line) => (
        <tr key={line.name} onClick={() => onRemove?.(line)}>
          <td>{line.name}</td>
          <td>{line.price}</td>
        </tr>
      ))}
      <caption>{`Total: ${total}`}</caption>
    </table>
  );
};

function useOrder<T>(id: string): T | undefined {
  return undefined;
}
