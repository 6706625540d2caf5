// A small repository in which every question has an obvious answer, and one function is there twice.

export const SHOP: Record<string, string> = {
  "app/queue.py": `"""Jobs that run later."""


def schedule_retry(job, delay):
    """Put a failed job back into the queue after a delay."""
    queue.put(job, after=delay * job.attempts)


def drain(queue):
    """Run all jobs until none is left."""
    while queue:
        queue.pop().run()
`,
  "app/config.py": `import json


class Config:
    """Settings that a person wrote."""

    def load(self, path):
        """Parse the configuration file."""
        return json.loads(path.read_text())

    def save(self, path):
        """Write the configuration file."""
        path.write_text(json.dumps(vars(self)))
`,
  "app/report.py": `def monthly_totals(orders, year, month):
    """Sum up the orders of a month for each customer."""
    totals = {}
    for order in orders:
        if order.date.year != year or order.date.month != month:
            continue
        amount = sum(line.price * line.quantity for line in order.lines)
        if order.discount:
            amount -= amount * order.discount / 100
        totals[order.customer] = totals.get(order.customer, 0) + amount
    return sorted(totals.items(), key=lambda entry: entry[1], reverse=True)
`,
  ".gitignore": "build/\n",
};

/** A copy of the function in app/report.py under other names: CS002. */
export const COPY = `def per_customer(purchases, y, m):
    """What each customer bought."""
    result = {}
    for purchase in purchases:
        if purchase.date.year != y or purchase.date.month != m:
            continue
        value = sum(item.price * item.quantity for item in purchase.lines)
        if purchase.discount:
            value -= value * purchase.discount / 100
        result[purchase.customer] = result.get(purchase.customer, 0) + value
    return sorted(result.items(), key=lambda pair: pair[1], reverse=True)
`;
