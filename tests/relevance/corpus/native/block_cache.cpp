#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace ferry {

using Block = std::shared_ptr<const std::vector<std::uint8_t>>;

struct CacheStats {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evictions = 0;

    double hit_ratio() const {
        const auto asked = hits + misses;
        return asked == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(asked);
    }
};

/// Blocks of files in memory, the least recently used ones leave first.
class BlockCache {
public:
    explicit BlockCache(std::size_t capacity_bytes) : capacity_(capacity_bytes) {}

    /// The block under a key, read through `load` where it is not in memory.
    Block get(const std::string& key, const std::function<Block()>& load) {
        {
            std::lock_guard<std::mutex> guard(mutex_);
            auto found = index_.find(key);
            if (found != index_.end()) {
                stats_.hits++;
                order_.splice(order_.begin(), order_, found->second);
                return found->second->block;
            }
            stats_.misses++;
        }
        Block block = load();
        insert(key, block);
        return block;
    }

    void insert(const std::string& key, Block block) {
        std::lock_guard<std::mutex> guard(mutex_);
        erase_locked(key);
        used_ += block->size();
        order_.push_front(Entry{key, std::move(block)});
        index_[key] = order_.begin();
        evict_locked();
    }

    void invalidate(const std::string& prefix) {
        std::lock_guard<std::mutex> guard(mutex_);
        for (auto entry = order_.begin(); entry != order_.end();) {
            auto next = std::next(entry);
            if (entry->key.compare(0, prefix.size(), prefix) == 0) erase_locked(entry->key);
            entry = next;
        }
    }

    CacheStats stats() const {
        std::lock_guard<std::mutex> guard(mutex_);
        return stats_;
    }

private:
    struct Entry {
        std::string key;
        Block block;
    };

    void erase_locked(const std::string& key) {
        auto found = index_.find(key);
        if (found == index_.end()) return;
        used_ -= found->second->block->size();
        order_.erase(found->second);
        index_.erase(found);
    }

    void evict_locked() {
        while (used_ > capacity_ && order_.size() > 1) {
            stats_.evictions++;
            erase_locked(order_.back().key);
        }
    }

    std::size_t capacity_;
    std::size_t used_ = 0;
    std::list<Entry> order_;
    std::unordered_map<std::string, std::list<Entry>::iterator> index_;
    mutable std::mutex mutex_;
    CacheStats stats_;
};

}  // namespace ferry
