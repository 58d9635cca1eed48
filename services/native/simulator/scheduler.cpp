#include "scheduler.h"

#include <utility>

#include "vendor_thread.h"

namespace crsim {

void Scheduler::start() {
  const std::lock_guard lock(mutex_);  // the thread waits until thread_ is set
  thread_ = vendor_thread([this] { run(); });
}

void Scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Scheduler::after(Clock::duration wait, Task task) {
  tasks_.emplace(Clock::now() + wait, std::move(task));
  wake_.notify_all();
}

void Scheduler::deliver(Task callback) {
  deliveries_.push_back(std::move(callback));
  wake_.notify_all();
}

void Scheduler::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!deliveries_.empty()) {
      const Task callback = std::move(deliveries_.front());
      deliveries_.pop_front();
      lock.unlock();
      callback();
      lock.lock();
    } else if (tasks_.empty()) {
      wake_.wait(lock);
    } else if (const auto due = tasks_.begin()->first; due > Clock::now()) {
      wake_.wait_until(lock, due);
    } else {
      const Task task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
      task();
    }
  }
}

}  // namespace crsim
