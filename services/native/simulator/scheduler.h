// One thread that carries out what a body does by itself, and delivers its callbacks.
//
// Tasks run in the order of their due times, with the body's mutex held; equal due times keep the
// order in which they were asked for, so a time scale of 0 changes no sequence. Deliveries run
// between tasks without the mutex: a client may call back into the library.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace crsim {

class Scheduler {
 public:
  using Clock = std::chrono::steady_clock;
  using Task = std::function<void()>;

  explicit Scheduler(std::mutex& mutex) : mutex_(mutex) {}
  ~Scheduler() { stop(); }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void start();
  // Ends the thread and waits for it; what was not done yet is dropped. Not from our own thread.
  void stop();
  bool on_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  // The four below need the mutex.
  void after(Clock::duration wait, Task task);
  void deliver(Task callback);
  void drop_tasks() { tasks_.clear(); }
  // Runs heavy work of a task without the mutex. Only inside a task.
  template <class Work>
  void unlocked(Work work) {
    mutex_.unlock();
    work();
    mutex_.lock();
  }

 private:
  void run();

  std::mutex& mutex_;
  std::condition_variable wake_;
  std::multimap<Clock::time_point, Task> tasks_;
  std::deque<Task> deliveries_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace crsim
