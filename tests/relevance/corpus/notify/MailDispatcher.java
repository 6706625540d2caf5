package org.ferry.notify;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Sends mail to people: bundled, not at night, and never the same thing twice. */
public final class MailDispatcher {
    public enum Outcome { SENT, BUNDLED, SUPPRESSED, HELD_FOR_MORNING }

    public interface Transport {
        void deliver(String recipient, String subject, String body) throws TransportException;
    }

    public static final class TransportException extends Exception {
        private final boolean permanent;

        public TransportException(String message, boolean permanent) {
            super(message);
            this.permanent = permanent;
        }

        public boolean isPermanent() {
            return permanent;
        }
    }

    public record Message(String recipient, String topic, String subject, String body) {
        String fingerprint() {
            return recipient + "|" + topic + "|" + Integer.toHexString(body.hashCode());
        }
    }

    private static final Duration REPEAT_WINDOW = Duration.ofHours(6);
    private static final LocalTime NIGHT_FROM = LocalTime.of(22, 0);
    private static final LocalTime NIGHT_TO = LocalTime.of(7, 0);

    private final Transport transport;
    private final Clock clock;
    private final Map<String, Instant> sent = new HashMap<>();
    private final Map<String, List<Message>> bundles = new HashMap<>();
    private final Map<String, Integer> bounces = new HashMap<>();

    public MailDispatcher(Transport transport, Clock clock) {
        this.transport = transport;
        this.clock = clock;
    }

    /**
     * Decides what becomes of a message.
     *
     * @param zone where the recipient lives, for the hours of rest
     */
    public Outcome dispatch(Message message, ZoneId zone, boolean urgent) {
        if (isSuppressed(message)) {
            return Outcome.SUPPRESSED;
        }
        if (!urgent && isQuietHour(zone)) {
            hold(message);
            return Outcome.HELD_FOR_MORNING;
        }
        if (!urgent) {
            hold(message);
            return Outcome.BUNDLED;
        }
        sendNow(message);
        return Outcome.SENT;
    }

    private boolean isSuppressed(Message message) {
        if (bounces.getOrDefault(message.recipient(), 0) >= 3) {
            return true;
        }
        Instant last = sent.get(message.fingerprint());
        return last != null && last.plus(REPEAT_WINDOW).isAfter(clock.instant());
    }

    boolean isQuietHour(ZoneId zone) {
        LocalTime local = LocalTime.ofInstant(clock.instant(), zone);
        return !local.isBefore(NIGHT_FROM) || local.isBefore(NIGHT_TO);
    }

    private void hold(Message message) {
        bundles.computeIfAbsent(message.recipient(), r -> new ArrayList<>()).add(message);
    }

    /** Joins what has been held for each recipient into one mail with a section a topic. */
    public int flushBundles() {
        int count = 0;
        for (Map.Entry<String, List<Message>> entry : bundles.entrySet()) {
            List<Message> held = entry.getValue();
            if (held.size() == 1) {
                sendNow(held.get(0));
            } else {
                StringBuilder body = new StringBuilder();
                for (Message message : held) {
                    body.append("== ").append(message.topic()).append(": ").append(message.subject());
                    body.append("\n\n").append(message.body()).append("\n\n");
                }
                String subject = held.size() + " things happened";
                sendNow(new Message(entry.getKey(), "digest", subject, body.toString()));
            }
            count++;
        }
        bundles.clear();
        return count;
    }

    private void sendNow(Message message) {
        try {
            transport.deliver(message.recipient(), message.subject(), message.body());
            sent.put(message.fingerprint(), clock.instant());
            bounces.remove(message.recipient());
        } catch (TransportException error) {
            if (error.isPermanent()) {
                bounces.merge(message.recipient(), 1, Integer::sum);
            } else {
                hold(message);
            }
        }
    }

    public Optional<Instant> lastSent(Message message) {
        return Optional.ofNullable(sent.get(message.fingerprint()));
    }
}
