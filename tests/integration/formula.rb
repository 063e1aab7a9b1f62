# SPDX-License-Identifier: BSD-2-Clause
# As much of Homebrew as contrib/homebrew/crossbpf.rb asks for, so that it can be evaluated, installed
# and tested where there is no Homebrew. Install and test run the real commands.
#	ruby formula.rb FORMULA describe                lines KEY VALUE of what it declares
#	ruby formula.rb FORMULA install PREFIX LLVM     in a directory with the unpacked sources
#	ruby formula.rb FORMULA test PREFIX LLVM        in an empty directory
require "json"
require "open3"
require "pathname"
require "shellwords"

class Pathname
  def write(text) = File.write(self, text)
end

# A dependency that is installed: LLVM's prefix is an argument, no other is asked for.
Keg = Struct.new(:opt_prefix) do
  def opt_bin = opt_prefix/"bin"
end

class Formula
  class << self
    attr_reader :tests

    def facts = @facts ||= []

    # What is declared in head is head's own.
    def declare(key, value) = facts << ["#{"head." if @in_head}#{key}", value]

    %w[desc homepage sha256 license].each { |key| define_method(key) { |value| declare(key, value) } }

    def url(value, branch: nil)
      declare("url", value)
      declare("branch", branch) if branch
    end

    def head(&block)
      @in_head = true
      instance_eval(&block)
      @in_head = false
    end

    def depends_on(what)
      name, kind = what.is_a?(Hash) ? what.first : [what, :run]
      declare("depends_on", "#{name} #{kind}")
    end

    def uses_from_macos(name) = declare("depends_on", "#{name} macos")

    def test(&block) = @tests = block

    def inherited(formula)
      super
      @formula = formula
    end

    attr_reader :formula

    # Formula["llvm"]
    def [](name)
      raise "the formula asks for #{name}" if name != "llvm"

      Keg.new(Pathname.new(ARGV.fetch(3)))
    end
  end

  attr_reader :prefix, :testpath

  def initialize
    @prefix = Pathname.new(ARGV.fetch(2))
    @testpath = Pathname.pwd
  end

  def bin = prefix/"bin"

  def version = fact("url")[/-(\d[^-]*)\.tar\./, 1]

  def fact(key) = self.class.facts.assoc(key).last

  def build = Struct.new(:head?).new(false)

  # What Homebrew passes since 4.0.
  def std_configure_args
    ["--disable-debug", "--disable-dependency-tracking", "--prefix=#{prefix}", "--libdir=#{prefix}/lib"]
  end

  def system(*command)
    puts("==> #{command.join(" ")}")
    $stdout.flush
    Kernel.system(*command.map(&:to_s)) || raise("#{command.join(" ")}: #{$?}")
  end

  def shell_output(command, expected = 0)
    puts("==> #{command}")
    output = `#{command}`
    raise "#{command}: status #{$?.exitstatus}, not #{expected}\n#{output}" if $?.exitstatus != expected

    output
  end

  def assert(value, message)
    raise message unless value

    puts("assert: #{message}")
  end

  def assert_equal(expected, actual) = assert(expected == actual, "#{actual.inspect} is #{expected.inspect}")

  def assert_match(pattern, text) = assert(text.match?(pattern.is_a?(String) ? Regexp.escape(pattern) : pattern), "#{text.inspect} has #{pattern.inspect}")

  def assert_path_exists(path) = assert(path.exist?, "#{path.basename} is there")
end

load File.expand_path(ARGV.fetch(0))
formula = Formula.formula
case ARGV.fetch(1)
when "describe"
  formula.facts.each { |key, value| puts "#{key} #{value}" }
when "install"
  one = formula.new
  one.install
  puts one.caveats
when "test"
  formula.new.instance_exec(&formula.tests)
else
  raise "describe, install or test?"
end
